console.log('bootstrap placeholder');
